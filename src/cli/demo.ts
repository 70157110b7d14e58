/** `elko demo`: the classic connection of the seeds, with their numbers, and its capture. */

import { runScenario } from '../sim/scenario.ts'
import { classic } from '../sim/scenarios/classic.ts'
import { EXIT_FINE, readArguments } from './arguments.ts'
import { DRAWING_HELP, DRAWING_OPTIONS, drawing, pictureOf, print, saveCapture } from './output.ts'

const CAPTURE = 'out/demo.pcapng'

export const HELP = `Usage: elko demo [options]

Plays a whole TCP connection: three-way handshake, 1024 octets one way, 700
back, close. Prints it as a ladder, the states of each side and a verdict, and
saves the packets to ${CAPTURE}.

Options:
${DRAWING_HELP}
  --write FILE     save the packets there instead

Examples:
  elko demo
  elko demo --width 120 | less -R
  elko demo --write /tmp/demo.pcapng && wireshark /tmp/demo.pcapng
`

export async function run(argv: string[]): Promise<number> {
  const { values } = readArguments(argv, { ...DRAWING_OPTIONS, write: { type: 'string' } }, 0)
  const result = runScenario(classic)
  print(pictureOf(result, drawing(values)))
  print(`\n${saveCapture(values.write ?? CAPTURE, result)} Wireshark and tcpdump read it.`)
  return EXIT_FINE
}
