/**
 * The thirteen socket exceptions of seed 004: what each means to TCP, the questions that lead to its cause, and the
 * scenario that brings it about.
 */

export interface SocketException {
  /** As Java prints it. */
  readonly text: string
  /** What the system call says: errno(3), or "read returns 0". */
  readonly errno: string
  /** A scenario that ends in it. */
  readonly scenario: string
  readonly meaning: string
  /** To be asked in this order. */
  readonly questions: readonly string[]
}

export const SOCKET_EXCEPTIONS: readonly SocketException[] = [
  {
    text: 'SocketException: No buffer space available (maximum connections reached?)',
    errno: 'ENOBUFS',
    scenario: 'no-buffer-space',
    meaning: 'this host has no room for one more connection, or no free port',
    questions: [
      'How many connections are in TIME-WAIT?',
      'Are connections opened and closed where one would do?',
    ],
  },
  {
    text: 'SocketException: Broken pipe',
    errno: 'EPIPE',
    scenario: 'broken-pipe',
    meaning: 'the other side had closed entirely, and a write before this one was answered with a reset',
    questions: [
      'Did the other side close after an error of its own?',
      'Was the connection idle for too long?',
    ],
  },
  {
    text: 'SocketException: Connection reset',
    errno: 'ECONNRESET',
    scenario: 'reset',
    meaning: 'a reset arrived',
    questions: [
      'Did the other side crash, or close with unread data (scenario unread-data)?',
      'Did it forget the connection (scenario half-open-data)?',
      'Does the reset come from a middlebox: is its TTL another than that of the data?',
    ],
  },
  {
    text: 'SocketException: Too many open files',
    errno: 'EMFILE',
    scenario: 'too-many-open-files',
    meaning: 'this process has no descriptor left; TCP never heard of it',
    questions: ['How many connections are in CLOSE-WAIT? Each waits for a close that was forgotten.'],
  },
  {
    text: 'BindException: Address already in use: JVM_Bind',
    errno: 'EADDRINUSE',
    scenario: 'address-in-use',
    meaning: 'another socket listens on that port',
    questions: ['Does an older instance of the server still run?', 'Which process owns the port?'],
  },
  {
    text: 'BindException: Address already in use: connect',
    errno: 'EADDRINUSE',
    scenario: 'time-wait',
    meaning: 'the same four of addresses and ports are in use, most often in TIME-WAIT',
    questions: ['Is the local port bound without need?', 'Who closes first, and so keeps TIME-WAIT?'],
  },
  {
    text: 'ConnectException: Connection refused',
    errno: 'ECONNREFUSED',
    scenario: 'connection-refused',
    meaning: 'the host answered the SYN with a reset',
    questions: [
      'Is it the right address and port?',
      'Does the server run?',
      'Or did a firewall send the reset?',
    ],
  },
  {
    text: 'SocketTimeoutException: Read timed out',
    errno: 'EAGAIN',
    scenario: 'read-timeout',
    meaning: 'the connection stands, but no data came within the time-out',
    questions: [
      'Was the request acknowledged? Then the application is slow. If not: is the path broken?',
      'Did the server answer, and the answer get lost?',
    ],
  },
  {
    text: 'SocketException: Connection timed out',
    errno: 'ETIMEDOUT',
    scenario: 'connect-timeout',
    meaning: 'no answer at all: neither to the SYN nor to its repetitions',
    questions: [
      'Does a firewall drop the SYN on its way, or the answer on its way back?',
      'Is the host up?',
      'Is the queue of the listener full?',
    ],
  },
  {
    text: 'EOFException at DataInputStream',
    errno: 'read returns 0',
    scenario: 'end-of-file',
    meaning: 'the other side closed in order, before all that was expected had come',
    questions: ['Do both sides agree on the length?', 'Did the other side fail between two writes?'],
  },
  {
    text: 'SocketException: Socket closed',
    errno: 'EBADF',
    scenario: 'socket-closed',
    meaning: 'this program closed the socket itself and used it afterwards',
    questions: ['Which thread closed it?', 'Does closing a stream close the socket under it?'],
  },
  {
    text: 'SocketException: Connection closed by remote host',
    errno: 'EPIPE',
    scenario: 'broken-pipe',
    meaning: 'the FIN of the other side had arrived before this side wrote',
    questions: [
      'Did this side read to the end and see it?',
      'Does the other side limit idle time or requests?',
    ],
  },
  {
    text: 'SocketException: Permission denied',
    errno: 'EACCES',
    scenario: 'permission-denied',
    meaning: 'a well-known port without privilege, or a rule of this host',
    questions: ['Is the port below 1024?', 'Does a local firewall or sandbox forbid it?'],
  },
]
