/* host.c - the self-test on anything with a C library: the way out is stdout and the exit status. */
#include "port.h"
#include <stdio.h>

void port_say(const char *text) { fputs(text, stdout); }

int main(void) { return port_main(); }
