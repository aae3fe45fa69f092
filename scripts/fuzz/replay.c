// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay TIMES FILE... - gives a fuzz target each file, and that many times what
 * becomes of it by a few changes, which are the same in each run: for machines that
 * libFuzzer does not know.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* xorshift */
static uint32_t next(void)
{
	static uint32_t state = 12345;

	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static size_t change(uint8_t *data, size_t size)
{
	unsigned int changes = 1 + next() % 4;

	while (size && changes--)
		data[next() % size] = next();
	return next() % 4 ? size : next() % (size + 1);
}

int main(int argc, char **argv)
{
	static uint8_t input[LARGEST], changed[LARGEST];
	long times = argc > 2 ? atol(argv[1]) : 0, i, inputs = 0;
	size_t size;
	FILE *file;

	for (argv += 2; times && *argv; argv++) {
		file = fopen(*argv, "rb");
		if (!file)
			return 2;
		size = fread(input, 1, sizeof(input), file);
		fclose(file);
		LLVMFuzzerTestOneInput(input, size);
		for (i = 0; i < times; i++) {
			memcpy(changed, input, size);
			LLVMFuzzerTestOneInput(changed, change(changed, size));
		}
		inputs += 1 + times;
	}
	printf("%ld inputs\n", inputs);
	return !inputs;
}
