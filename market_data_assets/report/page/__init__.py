"""The daily page: one HTML file about one UTC day. ``sections`` gather its facts, ``charts`` draw, ``templates`` lay it out."""
