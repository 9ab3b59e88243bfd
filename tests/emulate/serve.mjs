// Serves a GitHub that is not ours on the port that is given, with one repository, until it is told to end.
import { createEmulator } from 'emulate'

const [port, token] = process.argv.slice(2)
await createEmulator({
  service: 'github',
  port: Number(port),
  seed: {
    tokens: { [token]: { login: 'spy-bot', scopes: ['repo', 'user'] } },
    github: {
      users: [{ login: 'spy-bot' }, { login: 'ana-lima' }],
      orgs: [{ login: 'acme', members: [{ login: 'spy-bot', role: 'admin' }, { login: 'ana-lima' }] }],
      repos: [{ owner: 'acme', name: 'postmortems', private: true, auto_init: true }],
    },
  },
})
console.log('ready')
