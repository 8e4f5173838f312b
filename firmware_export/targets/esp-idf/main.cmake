idf_component_register(SRCS "main.c" REQUIRES sim2metal_policy esp_timer)
