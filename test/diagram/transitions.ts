/** RFC 9293 figure 5 with its notes, as a table: what the pictures of the state machine are tested with. */

import type { Transition } from '../../src/trace/states.ts'

const ROWS = `
CLOSED       | LISTEN       | passive OPEN      | create TCB
CLOSED       | SYN-SENT     | active OPEN       | create TCB, snd SYN
LISTEN       | SYN-RECEIVED | rcv SYN           | snd SYN,ACK
LISTEN       | SYN-SENT     | SEND              | snd SYN
LISTEN       | CLOSED       | CLOSE             | delete TCB
SYN-SENT     | SYN-RECEIVED | rcv SYN           | snd SYN,ACK
SYN-SENT     | ESTABLISHED  | rcv SYN,ACK       | snd ACK
SYN-SENT     | CLOSED       | CLOSE             | delete TCB
SYN-SENT     | CLOSED       | rcv RST           | delete TCB
SYN-RECEIVED | ESTABLISHED  | rcv ACK of SYN    |
SYN-RECEIVED | FIN-WAIT-1   | CLOSE             | snd FIN
SYN-RECEIVED | LISTEN       | rcv RST           | back to the listener
SYN-RECEIVED | CLOSED       | rcv RST, after an active OPEN | delete TCB
ESTABLISHED  | FIN-WAIT-1   | CLOSE             | snd FIN
ESTABLISHED  | CLOSE-WAIT   | rcv FIN           | snd ACK
ESTABLISHED  | CLOSED       | rcv RST           | delete TCB
FIN-WAIT-1   | FIN-WAIT-2   | rcv ACK of FIN    |
FIN-WAIT-1   | CLOSING      | rcv FIN           | snd ACK
FIN-WAIT-1   | TIME-WAIT    | rcv FIN and ACK of FIN | snd ACK
FIN-WAIT-2   | TIME-WAIT    | rcv FIN           | snd ACK
CLOSE-WAIT   | LAST-ACK     | CLOSE             | snd FIN
CLOSING      | TIME-WAIT    | rcv ACK of FIN    |
LAST-ACK     | CLOSED       | rcv ACK of FIN    | delete TCB
TIME-WAIT    | CLOSED       | 2 MSL timeout     | delete TCB
`

export const FIGURE_5: readonly Transition[] = ROWS.trim()
  .split('\n')
  .map((row, index) => {
    const [from, to, event, action] = row.split('|').map((cell) => cell.trim())
    return { from, to, event, action, cause: `cause-${index + 1}` } as Transition
  })
