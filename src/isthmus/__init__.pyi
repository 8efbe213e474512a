from isthmus.client.connect import connect as connect

__version__: str
