namespace AlexNetSharp.Tests.Oracles;

/// <summary>The two objectives in float64: value and gradient with respect to the network's output.</summary>
internal static class OracleLoss
{
    /// <summary>Σ t² / 2 over everything, TensorFlow's l2_loss; its gradient is t.</summary>
    public static (double Loss, OracleTensor Gradient) L2(OracleTensor t)
    {
        OracleTensor gradient = t.ZerosLike();
        double loss = 0;
        for (int i = 0; i < t.Data.Length; i++)
        {
            loss += t.Data[i] * t.Data[i] / 2;
            gradient.Data[i] = t.Data[i];
        }
        return (loss, gradient);
    }

    /// <summary>
    /// Mean over the batch of −Σ over k of q[k] · log softmax(t)[k] with q = (1 − smoothing) · onehot(label) + smoothing / classes.
    /// The gradient is (softmax(t) − q) / batch.
    /// </summary>
    public static (double Loss, OracleTensor Gradient) CrossEntropy(OracleTensor t, int[] labels, double smoothing = 0)
    {
        OracleTensor gradient = t.ZerosLike();
        Assert.Equal(t.Batch, labels.Length);
        double loss = 0;
        for (int n = 0; n < t.Batch; n++)
        {
            double[] row = t.Data[(n * t.Channels)..((n + 1) * t.Channels)];
            double max = row.Max(), sum = row.Sum(v => Math.Exp(v - max));
            for (int k = 0; k < row.Length; k++)
            {
                double q = (k == labels[n] ? 1 - smoothing : 0) + smoothing / row.Length;
                double logSoftmax = row[k] - max - Math.Log(sum);
                loss -= q * logSoftmax / t.Batch;
                gradient.Data[n * t.Channels + k] = (Math.Exp(logSoftmax) - q) / t.Batch;
            }
        }
        return (loss, gradient);
    }
}
