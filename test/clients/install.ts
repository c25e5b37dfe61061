import { installAll } from './installations.js'

/** Before the tests, so that they can run beside each other: `npm run test:clients`. */
installAll().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
