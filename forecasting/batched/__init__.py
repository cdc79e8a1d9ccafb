"""Kernels in JAX, and what lays out their arrays."""

from workspace import compiled

compiled.keep()

# Level 1 is quicker to compile than the usual 2, and no slower. On one thread: where LAPACK solves two systems at once, each in parts that
# wait for a thread of the same two, they wait for ever (jaxlib 0.10.2, two cores, a season of 12)
COMPILED = {"xla_backend_optimization_level": 1, "xla_cpu_multi_thread_eigen": False}
