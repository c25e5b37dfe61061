const { bearerTokens, scimRouter } = require('label-studio-scim')
const { memoryAdapters } = require('label-studio-scim/adapters/memory')
const { sqlAdapters } = require('label-studio-scim/adapters/sql')
const live = require('./life.cjs')

async function main() {
  const adapters =
    process.argv[2] === 'sqlite' ? await sqlAdapters({ url: 'sqlite::memory:' }) : memoryAdapters()
  await live(
    scimRouter(adapters, {
      authenticate: bearerTokens([{ name: 'idp', token: 'secret-of-the-idp' }]),
    }),
  )
  await adapters.close?.()
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
