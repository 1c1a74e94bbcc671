"""The engine of the workbench: it reads data, trains, predicts and yields events. It never prints."""
