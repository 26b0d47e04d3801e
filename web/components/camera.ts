/** The camera, frame by frame: the newest one, to whoever is ready for it. */

export interface Camera {
  readonly video: HTMLVideoElement
  stop(): void
}

/** Why the camera does not come, in words. */
const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'the camera was refused. Allow it in the bar of addresses, and try again',
  NotFoundError: 'there is no camera',
  NotReadableError: 'the camera is in use by another program',
}

/** @throws TypeError that says why there is none */
export const openCamera = async (): Promise<Camera> => {
  if (navigator.mediaDevices === undefined)
    throw new TypeError('the browser gives the camera to https and localhost only')
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 640 } },
    })
    const video = document.createElement('video')
    video.muted = true
    video.playsInline = true
    video.srcObject = stream
    await video.play()
    return {
      video,
      stop: () => {
        for (const track of stream.getTracks()) track.stop()
      },
    }
  } catch (error) {
    const { name = '', message = '' } = error as { name?: string; message?: string }
    throw new TypeError(REASONS[name] ?? message)
  }
}

/** A frame to be sent to a worker, its shorter side as given. */
export const frameOf = async ({ video }: Camera, side: number): Promise<ImageBitmap> => {
  const scale = side / Math.min(video.videoWidth, video.videoHeight)
  return createImageBitmap(video, {
    resizeWidth: Math.round(video.videoWidth * scale),
    resizeHeight: Math.round(video.videoHeight * scale),
    resizeQuality: 'medium',
  })
}
