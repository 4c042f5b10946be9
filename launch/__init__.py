"""Being launched and authorised by an EHR: SMART App Launch 2.2, without anything clinical."""
