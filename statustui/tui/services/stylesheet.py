"""A stylesheet that is parsed no more often than its colours change."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class LazyStylesheet(Stylesheet):
    """Applies new variables only if they are not those that it has.

    Textual sets the variables of a theme and parses everything again when the application starts,
    although nothing has changed by then.

    Args:
        variables: The name of each variable -> its value.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._wanted = self._applied = variables

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set the variables, for `reparse` to apply."""
        if variables != self._wanted:
            self._wanted = variables
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse the sources again if the variables have changed since they were parsed.

        Raises:
            StylesheetError: A file cannot be read, or is not valid.
        """
        if self._wanted != self._applied:
            super().reparse()
            self._applied = self._wanted
