"""Every error Rapport raises on purpose.

    RapportError
    ├── CatalogueError      a catalogue file cannot be read or used
    ├── DomainError         a domain file is wrong
    ├── IndexMissingError   the vector index is absent or does not fit its catalogue
    ├── EncoderError        the embedding model cannot be found or loaded
    ├── ModelFileError      what was trained cannot be read
    ├── HomeInUseError      another process owns the home folder
    ├── InputError          what a person or a caller sent cannot be accepted
    └── NotFoundError       no such session, item or belief

A message names the input, says what was expected and what to do about it.
"""


class RapportError(Exception):
    """Base of the hierarchy; `code` is the short name that HTTP and the CLI show."""

    code = "error"


class CatalogueError(RapportError):
    code = "catalogue"


class DomainError(RapportError):
    code = "domain"


class IndexMissingError(RapportError):
    code = "index"


class EncoderError(RapportError):
    code = "encoder"


class ModelFileError(RapportError):
    code = "model_file"


class HomeInUseError(RapportError):
    code = "home_in_use"


class InputError(RapportError):
    code = "input"


class NotFoundError(RapportError):
    code = "not_found"
