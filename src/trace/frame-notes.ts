/** What notes say of a packet's frames: "frame 3, retransmission", and of two captures "frame 3 at the client and 5 at the server". */

const FRAMES = /^frame ((\d+(?: at the \w+)?)(?: and \d+ at the \w+)?)/

/** All of them, as "3 at the client and 5 at the server"; '' where the note speaks of none. */
export const framesNoted = (note = ''): string => FRAMES.exec(note)?.[1] ?? ''

/** The one where it was sent, as "3 at the client". */
export const frameSent = (note = ''): string => FRAMES.exec(note)?.[2] ?? ''
