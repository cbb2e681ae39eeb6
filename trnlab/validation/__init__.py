"""The model against published measurements: our own kernels, AWS's figures, one table."""





