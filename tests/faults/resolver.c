/* Makes names of `.invalid` hang for a minute, or until the file $FAULTS_RESOLVED holds their address. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  lookup next = (lookup)dlsym(RTLD_NEXT, "getaddrinfo");
  const char *suffix = ".invalid";
  size_t length = node ? strlen(node) : 0;
  if (length < strlen(suffix) || strcmp(node + length - strlen(suffix), suffix) != 0)
    return next(node, service, hints, found);
  const char *path = getenv("FAULTS_RESOLVED");
  for (int turn = 0; turn < 60 * 20; turn++) {
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
      char address[64] = "";
      int read = fscanf(file, "%63s", address);
      fclose(file);
      if (read == 1) return next(address, service, hints, found);
    }
    usleep(50 * 1000);
  }
  return EAI_AGAIN;
}
