import { installLabelStudio } from './label-studio-server.js'

// For .ci/run, which installs it while other tests run.
installLabelStudio().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
