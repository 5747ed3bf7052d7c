#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * V8 asks for each chunk of its heap at an address drawn at random, so that every chunk comes with page tables of its
 * own on three levels, and every fork has to make all of them anew. Where this library is preloaded (LD_PRELOAD, as the
 * zygote is started), its mmap stands before libc's and drops such wishes: the kernel then puts mappings side by side.
 * Where it is only loaded, nobody but itself finds this function.
 *
 * Large reservations keep their wish: V8 wants its code within reach of its builtins.
 */
#define LARGEST_CHUNK ((size_t)64 << 20)
#define EXPORTED __attribute__((visibility("default")))

/* By their names in the object file, which <sys/mman.h> swaps for one another on some systems. */
EXPORTED void *packed_mmap(void *, size_t, int, int, int, off_t) __asm__("mmap");
EXPORTED void *packed_mmap64(void *, size_t, int, int, int, off_t) __asm__("mmap64");

void *packed_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  int fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
  if ((flags & MAP_ANONYMOUS) && !fixed && length <= LARGEST_CHUNK) address = NULL;
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

void *packed_mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  return packed_mmap(address, length, protection, flags, file, offset);
}
