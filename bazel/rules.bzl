"""The project's own cc_library, cc_binary, cc_test (warnings as errors) and proto rule."""

load("//bazel:copts.bzl", "COPTS")

def cc_library(name, copts = [], visibility = ["//visibility:public"], **kwargs):
    native.cc_library(name = name, copts = COPTS + copts, linkstatic = True, visibility = visibility, **kwargs)

def cc_binary(name, copts = [], visibility = ["//visibility:public"], **kwargs):
    native.cc_binary(name = name, copts = COPTS + copts, visibility = visibility, **kwargs)

def cc_test(name, copts = [], deps = [], size = "small", **kwargs):
    native.cc_test(
        name = name,
        size = size,
        copts = COPTS + copts,
        deps = deps + ["//bazel/system:gtest_main"],
        **kwargs
    )

def cc_fuzzer(name, deps):
    """Feeds libFuzzer's inputs to a library's LLVMFuzzerTestOneInput. Builds with --config=fuzz alone."""
    native.cc_binary(
        name = name,
        testonly = True,
        # Clang leaves OpenMP's pragmas out, but not calls such as omp_get_max_threads.
        linkopts = ["-fsanitize=fuzzer", "-lgomp"],
        tags = ["manual"],
        deps = deps,
    )

def proto_cc_library(name, srcs, deps = []):
    """A C++ library from proto files, which import each other by their path from the root.

    Args:
      name: the library's name.
      srcs: the .proto files.
      deps: proto_cc_library targets that these files import.
    """
    native.filegroup(
        name = name + "_protos",
        srcs = srcs + [dep + "_protos" if ":" in dep else dep + ":" + dep.split("/")[-1] + "_protos" for dep in deps],
        visibility = ["//visibility:public"],
    )
    stems = [src[:-len(".proto")] for src in srcs]
    native.genrule(
        name = name + "_cc",
        srcs = [":" + name + "_protos"],
        outs = [stem + suffix for stem in stems for suffix in (".pb.h", ".pb.cc")],
        cmd = "/usr/bin/protoc -I. --cpp_out=$(GENDIR) " +
              " ".join([native.package_name() + "/" + src for src in srcs]),
    )
    native.cc_library(
        name = name,
        srcs = [stem + ".pb.cc" for stem in stems],
        hdrs = [stem + ".pb.h" for stem in stems],
        copts = ["-w", "-O1"],
        linkstatic = True,
        deps = deps + ["//bazel/system:protobuf"],
        visibility = ["//visibility:public"],
    )
