"""Pure figures over arrays; scikit-learn, scipy and statsmodels where they have them."""
