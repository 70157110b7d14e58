/** The environment of programs whose words a test reads. */

/** What makes a program say the same in another way: colours, languages, more words, other defaults. */
const CHANGES_WORDS =
  /^(FORCE_COLOR|NO_COLOR|LANG|LANGUAGE|LC_\w+|NODE_(DEBUG|DISABLE_COLORS|NO_WARNINGS|OPTIONS|PENDING_DEPRECATION)|ELKO_(ADDRESS|DEBUG|IMPAIR|MTU|RECORD|SEED|TUN|VERSION))$/

/** That of this process, without what whoever runs the tests has set for his own eyes. */
export const PLAIN: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !CHANGES_WORDS.test(name))),
  LC_ALL: 'C.UTF-8',
}

/** The same where times of day are read, which Elko tells in UTC, and others in the machine's own time. */
export const PLAIN_UTC: NodeJS.ProcessEnv = { ...PLAIN, TZ: 'UTC' }
