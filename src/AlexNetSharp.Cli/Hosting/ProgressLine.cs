using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>A progress line on a terminal: <c>forward ━━━━━━────  61/110  0:04 left  0.081 s / batch</c>.</summary>
/// <remarks>
/// It is drawn by the caller's thread, never by a timer, so that a benchmark is not disturbed. Calls are
/// cheap: at most ten per second draw.
/// </remarks>
/// <param name="terminal">Where to draw; null draws nothing.</param>
/// <param name="columns">Width of the terminal.</param>
/// <param name="colors">Whether to use colors; otherwise the bar is made of # and -.</param>
internal sealed class ProgressLine(TextWriter? terminal, Func<int> columns, bool colors = true)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private long _lastDrawn, _start;
    private string _title = "";
    private bool _visible;

    /// <summary>Creates a progress line on standard error, which draws nothing unless that is a terminal.</summary>
    public static ProgressLine OnStandardError()
    {
        bool terminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";
        bool colors = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new ProgressLine(terminal ? Console.Error : null, () => Console.BufferWidth, colors);
    }

    /// <summary>Whether anything is drawn; otherwise, plain lines may replace it.</summary>
    public bool IsTerminal => terminal is not null;

    /// <summary>Shows the progress.</summary>
    /// <param name="title">Title; a new title restarts the estimate of the time left.</param>
    /// <param name="done">Number of parts done.</param>
    /// <param name="total">Total number of parts.</param>
    /// <param name="remark">Additional text at the end of the line.</param>
    /// <param name="timeLeft">Time left; null to extrapolate from the parts done.</param>
    public void Show(string title, long done, long total, string remark = "", TimeSpan? timeLeft = null)
    {
        if (terminal is null || total < 1)
            return;
        long now = Stopwatch.GetTimestamp();
        if (title != _title)
            (_title, _start) = (title, now);
        else if (Stopwatch.GetElapsedTime(_lastDrawn, now) < Pause && done < total)
            return;
        _lastDrawn = now;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(_start, now);
        timeLeft ??= done > 0 && done < total ? elapsed * ((double)(total - done) / done) : null;
        string left = timeLeft is { } time ? Clock(time) + " left" : Clock(elapsed);
        string before = Printable.Of(title) + " ";
        string after = string.Create(CultureInfo.InvariantCulture, $"  {done}/{total}  {left}{(remark.Length > 0 ? "  " : "")}{remark}");
        // The last column stays free: writing there makes some terminals scroll.
        int bar = Math.Min(BarWidth, columns() - 1 - before.Length - after.Length);
        string line = before + (bar >= 4 ? Bar(bar, (double)done / total) : "") + after;
        if (bar < 4 && line.Length > columns() - 1)
            line = line[..Math.Max(0, columns() - 1)];
        terminal.Write("\r\e[K" + line);
        terminal.Flush();
        _visible = true;
    }

    /// <summary>Erases the line; the next <see cref="Show"/> draws it again.</summary>
    public void Clear()
    {
        if (!_visible)
            return;
        terminal!.Write("\r\e[K");
        terminal.Flush();
        (_visible, _lastDrawn) = (false, 0);
    }

    private string Bar(int width, double share)
    {
        int filled = (int)Math.Round(width * Math.Clamp(share, 0, 1));
        return colors
            ? $"\e[32m{new string('━', filled)}\e[90m{new string('─', width - filled)}\e[0m"
            : new string('#', filled) + new string('-', width - filled);
    }

    /// <summary>Formats a duration as <c>9:05</c>, <c>3:09:05</c> or <c>49:09:05</c>; hours are not converted to days.</summary>
    public static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
