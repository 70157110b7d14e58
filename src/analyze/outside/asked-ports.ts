/** Clients that ask one port for so many connections that they have hardly a port of their own left. */

/** Clients of a port whose connections are counted. */
const MAX_CLIENTS = 1024
/** Linux keeps a connection in TIME-WAIT for so long, seconds. */
const TIME_WAIT = 60
/** Most of the 28,232 ports that Linux takes by itself (ip_local_port_range). */
const MANY_PORTS = 20_000
/** The connection of a port from which on clients are counted. */
const COUNTED_FROM = 3
/** So many ports that a client takes again within the time are no accident. */
const MANY_AGAIN = 10

/** What a client asked of a port since `from`. */
interface Asking {
  from: number
  asked: number
  again: number
  isTold: boolean
}

interface AskedPort {
  asked: number
  /** Ports that a scan touches once or twice have none. */
  clients: Map<number, Asking> | null
}

/** Takes what was asked in the order of the capture. */
export class AskedPorts {
  readonly #ports = new Map<number, AskedPort>()

  /**
   * A client asks for a connection, perhaps from a port that it has used before. True, once for each client, where it has hardly
   * a port left, as those that it used are in TIME-WAIT.
   * @param server its number among the hosts, and `client` the client's.
   */
  note(server: number, port: number, client: number, isAgain: boolean, at: number): boolean {
    const key = server * 0x1_0000 + port
    let asked = this.#ports.get(key)
    if (asked === undefined) {
      asked = { asked: 0, clients: null }
      this.#ports.set(key, asked)
    }
    return ++asked.asked >= COUNTED_FROM && noteClient(asked, client, isAgain, at)
  }
}

function noteClient(port: AskedPort, client: number, isAgain: boolean, at: number): boolean {
  port.clients ??= new Map()
  let asking = port.clients.get(client)
  if (asking === undefined) {
    if (port.clients.size === MAX_CLIENTS) return false
    asking = { from: at, asked: 0, again: 0, isTold: false }
    port.clients.set(client, asking)
  }
  if (at - asking.from > TIME_WAIT) {
    asking.from = at
    asking.asked = asking.again = 0
  }
  asking.asked++
  if (isAgain) asking.again++
  const isMany = asking.asked >= MANY_PORTS || asking.again >= MANY_AGAIN
  if (!isMany || asking.isTold) return false
  asking.isTold = true
  return true
}

const FIRST_ROWS = 1024

/** Each connection that a client asked for, a row: what was asked of a port by several shards counts together. */
export interface AskRows {
  readonly count: number
  /** Place of the SYN among all headers of TCP, ascending. */
  readonly places: Float64Array
  readonly ats: Float64Array
  /** Indexes of hosts. */
  readonly servers: Int32Array
  readonly clients: Int32Array
  /** The server's port, and above it a bit that says that the client used its own before. */
  readonly ports: Int32Array
}
export const USED_AGAIN = 0x1_0000

export class AskLog {
  #rows: AskRows = roomFor(FIRST_ROWS)
  #count = 0

  /** @param port with USED_AGAIN. */
  add(place: number, at: number, server: number, client: number, port: number): void {
    const count = this.#count++
    if (count === this.#rows.places.length) this.#grow()
    const { places, ats, servers, clients, ports } = this.#rows
    places[count] = place
    ats[count] = at
    servers[count] = server
    clients[count] = client
    ports[count] = port
  }

  /** All so far; more than `count` of each column are of no meaning. */
  get rows(): AskRows {
    return { ...this.#rows, count: this.#count }
  }

  #grow(): void {
    const old = this.#rows
    this.#rows = roomFor(2 * old.places.length)
    this.#rows.places.set(old.places)
    this.#rows.ats.set(old.ats)
    this.#rows.servers.set(old.servers)
    this.#rows.clients.set(old.clients)
    this.#rows.ports.set(old.ports)
  }
}

function roomFor(rows: number): AskRows {
  return {
    count: 0,
    places: new Float64Array(rows),
    ats: new Float64Array(rows),
    servers: new Int32Array(rows),
    clients: new Int32Array(rows),
    ports: new Int32Array(rows),
  }
}
