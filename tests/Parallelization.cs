// The engine has one set of threads and Tensor.TotalCount is the process's, so tests run one at a time.
[assembly: DoNotParallelize]
