"""The planner's pages: the areas as they stood on a date, and what is wrong in a file of new ones."""
