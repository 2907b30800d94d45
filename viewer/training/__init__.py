"""Training and measuring of model packs. Nothing at run time imports this package."""
