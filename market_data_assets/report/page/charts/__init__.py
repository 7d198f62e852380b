"""Interactive charts of the daily page, drawn by Bokeh in the reader's browser from data that the page carries."""
