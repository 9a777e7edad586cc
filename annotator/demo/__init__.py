"""The demo study: real and rendered images with their licences, and a simulated panel."""
