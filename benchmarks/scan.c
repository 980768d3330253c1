/* The system calls of statustui's scan and sweep, with as little as possible in between.

   scan first DIRECTORY...   list, open, read and parse the status file of every run
   scan sweep DIRECTORY...   list, and stat the status file of every run

   Prints the seconds it took and a sum that keeps the work from being optimised away. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static ssize_t slurp(const char *path) {
    struct stat state;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (descriptor < 0) return -1;
    fstat(descriptor, &state);
    ssize_t size = pread(descriptor, buffer, sizeof buffer, 0);
    close(descriptor);
    return size;
}

static double parse(ssize_t size) {
    double sum = 0;
    char *line = buffer, *end = buffer + size, *newline;
    while (line < end && (newline = memchr(line, '\n', end - line)) != NULL) {
        char *state;
        sum += strtod(line, &state);
        char *note = memchr(state + 1, ' ', newline - state - 1);
        sum += (note ? note : newline) - state;
        line = newline + 1;
    }
    return sum;
}

static double visit(const char *root, int is_first) {
    char path[4096];
    double sum = 0;
    DIR *directory = opendir(root);
    if (directory == NULL) exit(1);
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s/status", root, entry->d_name);
        if (is_first) {
            ssize_t size = slurp(path);
            if (size > 0) sum += parse(size);
        } else {
            struct stat state;
            if (lstat(path, &state) == 0) sum += state.st_size + state.st_mtim.tv_nsec;
        }
    }
    closedir(directory);
    return sum;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    int is_first = strcmp(arguments[1], "first") == 0;
    double start = now(), sum = 0;
    for (int i = 2; i < count; i++) sum += visit(arguments[i], is_first);
    printf("%.6f %.0f\n", now() - start, sum);
    return 0;
}
