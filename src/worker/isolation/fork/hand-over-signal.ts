import { constants } from 'node:os'

/** Asks for what was measured so far where the event loop is blocked, and no message is heard. */
export const HAND_OVER_SIGNAL = constants.signals.SIGUSR2
