"""What every virtual multirotor is made of: body, battery, state estimate, stock controller, flight supervisor."""
