// SPDX-License-Identifier: Apache-2.0
/*
 * Feeds files to a fuzz harness, so that what a fuzzer once found is tried again
 * by every compiler and sanitizer without libFuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	uint8_t *exact = NULL;
	int rc = -1;

	if (f && data) {
		size_t size = fread(data, 1, INPUT_MAX, f);

		/* A block of just this size: one byte too far is seen by ASan. */
		exact = ferror(f) ? NULL : realloc(data, size ? size : 1);
		if (exact) {
			LLVMFuzzerTestOneInput(exact, size);
			rc = 0;
		}
	}
	if (rc)
		perror(path);
	free(exact ? exact : data);
	if (f)
		fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "no input\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		fprintf(stderr, "%s\n", argv[i]); /* the last one printed is the one that broke it */
		if (replay(argv[i]))
			return 1;
	}
	return 0;
}
