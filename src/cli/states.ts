/** `elko states`: the state machine, drawn from the table by which the protocol runs. */

import { stateMachine, stateMachineData } from '../diagram/state-machine.ts'
import { TRANSITIONS } from '../tcp/state.ts'
import { EXIT_FINE, readArguments } from './arguments.ts'
import { drawing, print } from './output.ts'

export const HELP = `Usage: elko states [options]

Prints the state machine of TCP: the diagram, every transition, what each state
waits for, what client and server do in each state, and the states that each
side visits.

Options:
  --width N        columns, 80 to 400 (default: the terminal's, or 100)
  --ascii          only ASCII characters
  --json           the same as data

Examples:
  elko states | less -R
  elko states --json | jq '.transitions[] | select(.from == "FIN-WAIT-1")'
`

export async function run(argv: string[]): Promise<number> {
  const options = {
    width: { type: 'string' },
    ascii: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const { values } = readArguments(argv, options, 0)
  const how = drawing(values)
  print(
    values.json === true
      ? JSON.stringify(stateMachineData(TRANSITIONS), null, 2)
      : stateMachine(TRANSITIONS, how),
  )
  return EXIT_FINE
}
