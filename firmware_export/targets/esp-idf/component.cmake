idf_component_register(SRCS "policy.c" "policy_selftest.c" INCLUDE_DIRS "include")
