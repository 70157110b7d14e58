/**
 * What `elko diagnose` is known to get wrong, `CASE, LANGUAGE, VIEW`, and why. The test holds to it: a line whose diagnosis has
 * become right must go.
 */
export const KNOWN_WRONG: Readonly<Record<string, string>> = {
  'proxy_without_backend, python, client':
    'that another port of the server has another TTL is not looked at: the proxy is taken for the server',
  'proxy_without_backend, node, client':
    'that another port of the server has another TTL is not looked at: the proxy is taken for the server',
}
