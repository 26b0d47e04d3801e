/** Runs: being built. */

const RunsView = () => <h1>Runs</h1>
export default RunsView
