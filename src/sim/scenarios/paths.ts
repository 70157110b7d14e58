/** The states that most clients and servers of the scenarios go through. */

const CLIENT_OPENS = 'CLOSED -> SYN-SENT -> ESTABLISHED'
const SERVER_OPENS = 'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED'

export const CLOSES_FIRST = `${CLIENT_OPENS} -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED`
export const CLOSES_SECOND = `${SERVER_OPENS} -> CLOSE-WAIT -> LAST-ACK -> CLOSED`

/** Both stay open. */
export const OPENED = { client: [CLIENT_OPENS], server: [SERVER_OPENS] }
/** The client closes first, the server second. */
export const NORMAL = { client: [CLOSES_FIRST], server: [CLOSES_SECOND] }
