"""Train the transcriber: :mod:`training.train.transcriber`."""

from training.train.transcriber import main

if __name__ == "__main__":
    main()
