/** The commands, and the help that names them. Each is loaded only when it is used. */

export interface Command {
  readonly HELP: string
  /** @returns the exit code. */
  run(argv: string[]): Promise<number>
}

interface Entry {
  readonly what: string
  readonly load: () => Promise<Command>
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  demo: { what: 'play the classic connection and draw it', load: () => import('./demo.ts') },
  sim: { what: 'play a scenario on a simulated network', load: () => import('./sim.ts') },
  lab: { what: 'serve the lab: TCP to play with in a browser', load: () => import('./lab.ts') },
  replay: { what: 'run again what --record wrote down', load: () => import('./replay.ts') },
  drill: { what: 'play packetdrill scripts in virtual time', load: () => import('./drill.ts') },
  states: {
    what: 'draw the state machine, and the way of a connection through it',
    load: () => import('./states.ts'),
  },
  conformance: {
    what: 'print what the RFCs ask, and where it is met',
    load: () => import('./conformance.ts'),
  },
  read: { what: 'print the packets of a capture, as tcpdump and tshark do', load: () => import('./read.ts') },
  diagram: { what: 'draw a connection: a sequence diagram', load: () => import('./diagram.ts') },
  graph: { what: 'draw a connection over time: sequence, rates, windows', load: () => import('./graph.ts') },
  conversations: {
    what: 'list the TCP conversations of a capture',
    load: () => import('./conversations.ts'),
  },
  follow: { what: 'print what the sides of a connection sent', load: () => import('./follow.ts') },
  streams: {
    what: 'tell of each connection: states, round trips, losses',
    load: () => import('./streams.ts'),
  },
  find: { what: 'find text or octets in what was sent', load: () => import('./find.ts') },
  stats: { what: 'count the packets of a capture', load: () => import('./stats.ts') },
  diagnose: { what: 'say what became of each connection of a capture', load: () => import('./diagnose.ts') },
  convert: {
    what: 'write captures in another format, or several as one',
    load: () => import('./convert.ts'),
  },
  cut: { what: 'write a part of a capture: times, streams, frames', load: () => import('./cut.ts') },
  capture: { what: 'write the packets of an interface to a file', load: () => import('./capture.ts') },
  listen: { what: 'wait for connections over TUN, as netcat does', load: () => import('./listen.ts') },
  connect: { what: 'connect over TUN, as netcat does', load: () => import('./connect.ts') },
}

export function mainHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { what }]) => `  ${name.padEnd(15)}${what}`)
  return `Elko: TCP, whole and in the open.

Usage: elko COMMAND [options]

Commands:
${commands.join('\n')}
  help           help on a command: elko help sim

Options:
  --help, -h       this text; after a command: help on it
  --version, -V    the version

Environment:
  NO_COLOR=1       no colours
  ELKO_DEBUG=1     errors with their stack trace

Exit codes: 0 fine, 1 something was found wrong, 2 the command line is wrong,
3 a file or device cannot be used.

Examples:
  elko demo
  elko sim --list
  elko sim simultaneous-close
  elko help connect
`
}
