"""What looks wrong with a day: pure functions from stored rows and counts to findings. Asset checks report them."""
