import { installLabelStudio } from './label-studio-server.js'

// Used by .ci/run, which installs Label Studio while other tests run.
installLabelStudio().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
