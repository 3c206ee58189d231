// A row of `sample()`: one remote car is so many numbers; the other constants are its columns.

export const CAR_STRIDE = 12;
export const CAR_SLOT = 0;
export const CAR_X = 1;
export const CAR_Z = 3;
export const CAR_SPEED = 8;
export const CAR_AGE_MS = 9;
export const CAR_STALE = 10;
export const CAR_YAW = 11;
