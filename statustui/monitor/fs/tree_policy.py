"""The filesystems below one root, and the policy for polling them."""

from __future__ import annotations

from statustui.monitor.fs.mounts import Devices, Reach
from statustui.monitor.poll_policy import PollPolicy, Settings, policy_for


class TreePolicy:
    """The filesystems below a root, and the policy for the slowest of them.

    Args:
        root: The root, as the user gave it.
        real_root: Its real path.
        settings: How to watch.
    """

    def __init__(self, root: str, real_root: str, settings: Settings) -> None:
        self._root = root
        self._real_root = real_root
        self._settings = settings
        self.devices = Devices(root, real_root)
        self.policy: PollPolicy = policy_for(self.devices.slowest, settings)

    def reach(self, device: int, path: str) -> Reach:
        """Return the reach of the filesystem of a file; that of the root if `device` is 0."""
        return self.devices.reach(device, path) if device else self.devices.root_mount.reach

    def trusts_stat(self, device: int, path: str) -> bool:
        """Return whether `stat` shows every change of a file."""
        return self.reach(device, path) is not Reach.REMOTE

    def raises_events(self, device: int, path: str) -> bool:
        """Return whether every change of a file raises a change event on this host."""
        return bool(device) and self.devices.reach(device, path) is Reach.LOCAL

    def add_device(self, device: int, path: str) -> bool:
        """Look up the filesystem of a new file; return whether the policy has changed."""
        if not device or device in self.devices:
            return False
        self.devices.reach(device, path)
        return self._update()

    def reload(self) -> bool:
        """Forget all devices and look up the root again; return whether the policy has changed."""
        self.devices = Devices(self._root, self._real_root)
        return self._update()

    def _update(self) -> bool:
        before, self.policy = self.policy, policy_for(self.devices.slowest, self._settings)
        return before != self.policy
