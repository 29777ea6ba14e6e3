"""The organisers' back office: views, forms, templates."""
