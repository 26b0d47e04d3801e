/** Train: being built. */

const TrainView = () => <h1>Train</h1>
export default TrainView
