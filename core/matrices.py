"""How matrices are multiplied while the guide serves."""


def multiply_in_one_thread() -> None:
    """Leave numpy's products of matrices to the thread that asks for them.

    A query's take about a millisecond. The threads that OpenBLAS would share them out to go on
    spinning afterwards, on the processor that the models need next: with 13,000 photos words took
    twice as long, and three times the processor time.
    """
    # Imported here: numpy starts threads, and whoever only asks for help does not need it.
    import numpy  # noqa: F401 # loads the library that is told
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
