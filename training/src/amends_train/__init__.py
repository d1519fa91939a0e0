"""From labelled sentences to a model bundle: data, fine-tuning, calibration, export. Heavy libraries live only here."""
