"""The command line, one command or group of commands a file. Each prints one line on bad input and exits with 2."""
