"""--each: COMMAND once for each of many profiles."""
