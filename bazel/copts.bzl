"""Compiler flags for our own code (not for generated code)."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-sign-compare",
    "-Wno-missing-field-initializers",
    "-Wno-dangling-else",
]
